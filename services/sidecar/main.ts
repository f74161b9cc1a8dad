import {ConfigurationError} from '../kit/parse-environment.ts';
import {runService} from '../kit/service.ts';
import {readSettings} from './settings.ts';
import {sidecar} from './sidecar.ts';

try {
  void runService(sidecar(readSettings(process.env)));
} catch (error) {
  if (!(error instanceof ConfigurationError)) throw error;
  process.stderr.write(`sidecar: ${error.message}\n`);
  process.exit(78);
}
