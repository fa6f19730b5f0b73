/** As much of a logger as the bus needs; pino's fits. */
export interface BusLogger {
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}
