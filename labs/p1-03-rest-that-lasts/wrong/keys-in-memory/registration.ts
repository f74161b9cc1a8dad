import type {Registration, RegistrationAnswer} from 'teralab/identity/seams/registration';

const answers = new Map<string, {fingerprint: string; answer: Promise<RegistrationAnswer>}>();

/** No race: the promise itself is kept. In this process; the other replica keeps its own. */
export const registration: Registration = async (request, {newAccount, insertAccount, save}) => {
  const open = async (): Promise<RegistrationAnswer> => {
    const account = newAccount(request);
    await save(account, transaction => insertAccount(transaction, account, request));
    return {status: 201, body: account};
  };
  if (request.idempotencyKey === undefined) return open();
  const key = JSON.stringify([request.client, request.idempotencyKey]);
  const first = answers.get(key) ?? {fingerprint: request.fingerprint, answer: open()};
  answers.set(key, first);
  if (first.fingerprint !== request.fingerprint) return {status: 422, detail: 'This key was used for another payload.'};
  return first.answer;
};
