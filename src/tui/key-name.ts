import type {Key} from 'ink';

/** The names of the keys that were pressed: several at once when a terminal hands on a burst of typing. */
export function keyNames(input: string, key: Key): readonly string[] {
  if (key.ctrl) return [`ctrl-${input}`];
  for (const [name, pressed] of named(key)) if (pressed) return [name];
  return key.meta
    ? []
    : Array.from(input).flatMap(character => CONTROL_KEYS[character] ?? (character >= ' ' ? [character] : []));
}

function named(key: Key): readonly (readonly [string, boolean])[] {
  return [
    ['up', key.upArrow],
    ['down', key.downArrow],
    ['left', key.leftArrow],
    ['right', key.rightArrow],
    ['pageup', key.pageUp],
    ['pagedown', key.pageDown],
    ['home', key.home],
    ['end', key.end],
    ['enter', key.return],
    ['esc', key.escape],
    ['shift-tab', key.tab && key.shift],
    ['tab', key.tab],
    ['backspace', key.backspace],
    ['delete', key.delete],
  ];
}

/** Keys that come as characters when they are part of a burst. */
const CONTROL_KEYS: Readonly<Record<string, string>> = {
  '\r': 'enter',
  '\n': 'enter',
  '\t': 'tab',
  '\u0003': 'ctrl-c',
  '\u0008': 'backspace',
  '\u001B': 'esc',
  '\u007F': 'backspace',
};
