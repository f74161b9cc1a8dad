import type {CreateDiscovery, SendError} from 'teralab/gateway/seams/discovery';

/** Both replicas by turns, whatever they answered before; the other one where a connection could not be made. */
export const createDiscovery: CreateDiscovery = () => {
  let turn = 0;
  return {
    async request(service, _request, send) {
      turn += 1;
      const [first, second] = turn % 2 === 0 ? ['1', '2'] : ['2', '1'];
      try {
        return await send(`${service}-${first}`);
      } catch (error) {
        if ((error as SendError).unsent !== true) throw error;
        return send(`${service}-${second}`);
      }
    },
  };
};
