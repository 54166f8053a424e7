/** What a window words itself in the name of a task: "Direct task from IT", "scheduled on this PC" … */
export const TITLE_WORDS = ['direct', 'none', 'hidden', 'scheduled'] as const;
export type TitleWord = (typeof TITLE_WORDS)[number];
