import type { Severity } from '../../event.js';

export interface PageAlert {
  readonly rule: string;
  readonly key: string;
  readonly severity: Severity;
  readonly open: boolean;
  readonly startMs: number;
  readonly endMs: number;
  readonly value: number | null;
  readonly expected: number | null;
  readonly episodes: number;
  readonly why: string;
}

/** All that the page of a preview shows; it is embedded as JSON and rendered as text only. */
export interface AlertPageData {
  readonly title: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly version: string;
  /** The rules as they were given. */
  readonly settings: string;
  readonly rules: readonly {
    readonly rule: string;
    readonly alerts: number;
    readonly perDay: number;
    readonly open: number;
    readonly messages: number;
    /** Null where none ended. */
    readonly medianMs: number | null;
    /** Alerts that began on each day, by severity from `info` on. */
    readonly days: readonly (readonly number[])[];
  }[];
  readonly days: readonly number[];
  readonly keys: readonly { readonly key: string; readonly alerts: number; readonly worst: Severity }[];
  readonly moreKeys: number;
  readonly alerts: readonly PageAlert[];
  /** How many there were, listed or not. */
  readonly alertsInAll: number;
}
