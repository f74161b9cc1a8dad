import type {Key} from 'ink';

/** The names of the keys that were pressed: several at once when a terminal hands on a burst of typing. */
export function keyNames(input: string, key: Key): readonly string[] {
  if (key.ctrl) return [`ctrl-${input}`];
  for (const [name, pressed] of named(key)) if (pressed) return [name];
  return key.meta ? [] : Array.from(input).filter(character => character >= ' ' && character !== '\u007F');
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
