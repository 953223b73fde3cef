/** What a column of a written file holds; a `real` that is NaN is written as null. */
export type ColumnType = 'text' | 'time' | 'whole' | 'real' | 'flag';
export interface TypedColumn {
  readonly name: string;
  readonly type: ColumnType;
}

/** Rows column by column: times in milliseconds, missing reals as NaN. */
export type Cells = readonly (readonly unknown[])[];

/** Rows of an Arrow file or stream that were checked and may be read. */
export interface ArrowRows {
  readonly columns: readonly string[];
  readonly rows: number;
  /** Timestamps come as `Date`, 64-bit integers as bigint, nulls as null. */
  get(column: number, row: number): unknown;
}
