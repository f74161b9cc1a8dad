import {runService} from '../kit/service.ts';
import {stream} from './stream.ts';

await runService(stream);
