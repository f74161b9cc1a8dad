import {Box, Text} from 'ink';
import {TONE_LOOK, toAscii} from '../looks.ts';
import {truncate} from '../text/fit.ts';
import type {Line} from '../text/line.ts';

export interface RowsProps {
  readonly lines: readonly Line[];
  readonly width: number;
  readonly height: number;
  readonly unicode: boolean;
}

/** Rows of text in a box of exactly this size: what does not fit is cut, never wrapped. */
export function Rows({lines, width, height, unicode}: RowsProps) {
  return (
    <Box flexDirection="column" width={width} height={height} flexShrink={0}>
      {lines.slice(0, height).map((line, row) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a row is its place on the screen.
        <Row key={row} line={truncate(line, width)} unicode={unicode} />
      ))}
    </Box>
  );
}

function Row({line, unicode}: {readonly line: Line; readonly unicode: boolean}) {
  if (line.every(({text}) => text === '')) return <Text> </Text>;
  return (
    <Text wrap="truncate">
      {line.map(({text, tone}, place) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a span is its place in the row.
        <Text key={place} {...(tone === undefined ? {} : TONE_LOOK[tone])}>
          {unicode ? text : toAscii(text)}
        </Text>
      ))}
    </Text>
  );
}
