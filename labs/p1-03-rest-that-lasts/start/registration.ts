import type {Registration} from 'teralab/identity/seams/registration';

/** Opens an account for every request that comes. */
export const registration: Registration = async (request, {newAccount, insertAccount, save}) => {
  const account = newAccount(request);
  await save(account, transaction => insertAccount(transaction, account, request));
  return {status: 201, body: account};
};
