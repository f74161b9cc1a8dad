import {runService} from '../kit/service.ts';
import {createOwn} from './own.ts';

void runService(createOwn());
