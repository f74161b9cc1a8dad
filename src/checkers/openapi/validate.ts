import {Ajv2020} from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type {Schema} from './schema.ts';

/** Why a value is none of a schema, in a phrase; undefined where it is one. @throws where the schema is none. */
export type Validator = (schema: Schema, value: unknown) => string | undefined;

/** JSON Schema 2020-12, which is what OpenAPI 3.1 speaks. Schemas are compiled once each. */
export function createValidator(): Validator {
  const ajv = new Ajv2020({strict: false, allErrors: false, validateFormats: true});
  addFormats(ajv);
  return (schema, value) => {
    const validate = ajv.compile(schema);
    if (validate(value)) return undefined;
    const [first] = validate.errors ?? [];
    return `${first?.instancePath || 'it'} ${first?.message ?? 'is not as described'}`;
  };
}
