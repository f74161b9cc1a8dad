/** No control characters, and no halves of surrogate pairs: neither can be stored as it came. */
export const PRINTABLE = '^[^\\u0000-\\u001f\\u007f\\ud800-\\udfff]*$';
