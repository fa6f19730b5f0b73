import Database from 'libsql';

type Parameter = string | number | bigint | Buffer | null;

/** One SQLite connection with its prepared statements. */
export class Connection {
  private readonly database: Database.Database;
  private readonly statements = new Map<string, Database.Statement>();

  constructor(file: string) {
    this.database = new Database(file);
  }

  get inTransaction(): boolean {
    return this.database.inTransaction;
  }

  exec(sql: string): void {
    this.database.exec(sql);
  }

  /**
   * Every row, each as an array of columns. There is deliberately no `get` beside it: libsql answers a `get` on a statement that was
   * iterated before from the old bindings.
   */
  rows(sql: string, parameters: readonly Parameter[] = []): unknown[][] {
    return this.prepared(sql, true).all(parameters) as unknown[][];
  }

  /** @returns how many rows were changed */
  run(sql: string, parameters: readonly Parameter[] = []): number {
    return this.prepared(sql, false).run(parameters).changes;
  }

  /** Statements on a dropped table are of no more use. */
  forget(table: string): void {
    const word = new RegExp(`\\b${table}\\b`);
    for (const sql of this.statements.keys()) if (word.test(sql)) this.statements.delete(sql);
  }

  close(): void {
    this.statements.clear();
    this.database.close();
  }

  private prepared(sql: string, reads: boolean): Database.Statement {
    let statement = this.statements.get(sql);
    if (statement === undefined) {
      statement = this.database.prepare(sql);
      if (reads) statement.raw(true);
      this.statements.set(sql, statement);
    }
    return statement;
  }
}

export function sqliteCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' && error.code.startsWith('SQLITE_') ? error.code : undefined;
}
