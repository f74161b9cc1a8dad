export {describeSoak} from './describe.ts';
export {soak} from './soak.ts';
