import type {CreateIdentityPolicy} from './identity-policy.ts';

/** Whoever has a link to the service and shows who it is; at the edge, everybody: there the gateway asks for tokens. */
export const createIdentityPolicy: CreateIdentityPolicy = ({callers, edge}) => {
  const known = new Set(callers);
  return {allows: ({peer}) => (peer === undefined ? edge : known.has(peer.service))};
};
