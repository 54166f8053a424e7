/** Why a release that IT wants here is none for this PC: each with its text. */

/** What can be wrong with a manifest. */
export const RELEASE_REFUSALS = [
  'unreadable',
  'keys_expired',
  'signature',
  'other_platform',
  'other_release',
  'other_channel',
  'expired',
  'downgrade',
  'too_old_here',
  'older',
  'conflict',
] as const;
export type ReleaseRefusal = (typeof RELEASE_REFUSALS)[number];

/**
 * `nothing`, `original`: there is nothing under that version, or only a program of another product. `no_keys`: nobody has said
 * whose releases count here; `keys_unusable`: what says so can't be used. `package`: it is not what was signed, or not there.
 */
export const UPDATE_REASONS = [
  'nothing',
  'original',
  'no_keys',
  'keys_unusable',
  'package_missing',
  'package',
  ...RELEASE_REFUSALS,
] as const;
export type UpdateReason = (typeof UPDATE_REASONS)[number];

/** What an update waits for that this PC takes by itself: each with its text. */
export const UPDATE_WAITS = [
  'turn',
  'pause',
  'link',
  'room',
  'package',
  'disk',
  'self_test',
  'setup',
  'window',
  'person',
  'tasks',
] as const;
export type UpdateWaitsFor = (typeof UPDATE_WAITS)[number];

/** Why a version was taken back, or not even begun: each with its text. */
export const UNDONE_REASONS = ['did_not_start', 'store', 'package'] as const;
export type UndoneReason = (typeof UNDONE_REASONS)[number];

/** What became of a person's wish about an update. `refused`: there is nothing to put off, or not for so long. */
export type WishOutcome = 'taken' | 'unchanged' | 'refused';
