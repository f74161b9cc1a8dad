/** There is no such dead letter, and never was. */
export class NoDeadLetterError extends Error {
  constructor(stream: string, id: string) {
    super(`There is no dead letter ${id} on stream ${stream}.`);
    this.name = 'NoDeadLetterError';
  }
}
