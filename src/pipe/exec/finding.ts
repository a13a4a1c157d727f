/** One thing that `pipe doctor` looked at. */
export interface Finding {
  readonly what: string;
  readonly state: 'ok' | 'absent' | 'problem';
  readonly detail: string;
}
