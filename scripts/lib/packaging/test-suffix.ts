/** What is built with a stand-in is named so that nobody takes it for a release. */
export const TEST_SUFFIX = '-TEST-ONLY';
