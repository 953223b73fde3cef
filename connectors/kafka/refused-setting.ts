/** A setting of ours that the cluster does not take, or one of the cluster's that does not do: every other try ends the same way. */
export class RefusedSetting extends Error {
  override readonly name = 'RefusedSetting';
}

/** What brokers judge by limits of their own, and how they say so. */
const judged = {
  INVALID_SESSION_TIMEOUT: {
    field: 'sessionTimeoutMs',
    preset: 30_000,
    bounds: [
      ['at least', 'group.min.session.timeout.ms'],
      ['at most', 'group.max.session.timeout.ms'],
    ],
  },
  INVALID_TRANSACTION_TIMEOUT: {
    field: 'transactionTimeoutMs',
    preset: 15_000,
    bounds: [['at most', 'transaction.max.timeout.ms']],
  },
} as const;

/**
 * The error as one that names the field, its value and the brokers' limit, if that is what it is. `settingOf` asks a broker
 * for a setting of its own; one that may not be seen is told by its name alone.
 */
export async function namingSetting(
  error: unknown,
  values: { readonly sessionTimeoutMs?: number; readonly transactionTimeoutMs?: number },
  settingOf: (name: string) => Promise<string | undefined>,
): Promise<unknown> {
  const refused = refusalIn(error);
  if (refused === undefined) return error;
  const { field, preset, bounds } = judged[refused];
  const expected: string[] = [];
  for (const [how, name] of bounds) {
    const limit = await settingOf(name).catch(() => undefined);
    expected.push(limit === undefined ? `${how} ${name} of the brokers` : `${how} ${limit} (${name} of the brokers)`);
  }
  return new RefusedSetting(
    `${field}: expected ${expected.join(' and ')}, got ${values[field] ?? preset}: set it within that, or change it at the brokers`,
    { cause: error },
  );
}

function refusalIn(error: unknown): keyof typeof judged | undefined {
  for (let at = error; at instanceof Error; at = at.cause) {
    const { type = '' } = at as Error & { type?: string };
    if (Object.hasOwn(judged, type)) return type as keyof typeof judged;
  }
  return undefined;
}
