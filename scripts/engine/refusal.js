/** What whoever runs the script can act upon; its message is a sentence. Anything else that is thrown is a bug of the script. */
export class Refusal extends Error {}
