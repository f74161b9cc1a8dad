import {runService} from '../kit/service.ts';
import {modular} from './modules.ts';

const {NODE_NAME = 'modules', MODULES} = process.env;
void runService(modular(NODE_NAME.replace(/-\d+$/, ''), MODULES));
