import {Box} from 'ink';
import {COLUMNS_MIN, GAP, type Layout, layoutOf, ROWS_MIN, viewOf} from './layout.ts';
import type {Pane, ScreenState} from './state.ts';
import {truncate, wrap} from './text/fit.ts';
import {EMPTY, type Line, lineCells, plain, span} from './text/line.ts';
import {checklistLines, checklistTitle} from './views/checklist-view.ts';
import {headerLine, keyLine, noticeLines} from './views/edge-lines.ts';
import {firstRow} from './views/pane-view.ts';
import {Rows} from './views/rows.tsx';

export interface ScreenProps {
  readonly state: ScreenState;
  readonly unicode: boolean;
}

/** The whole frame: as wide as the terminal, one row less high. */
export function Screen({state, unicode}: ScreenProps) {
  const layout = layoutOf(state);
  const {width, height} = layout;
  if (layout.mode === 'tiny') return <Rows lines={tooSmall(state)} width={width} height={height} unicode={unicode} />;
  return (
    <Box flexDirection="column" width={width} height={height} flexShrink={0}>
      <Rows lines={[headerLine(state, width)]} width={width} height={1} unicode={unicode} />
      <Body state={state} layout={layout} unicode={unicode} />
      <Rows lines={checklistRows(state, layout)} width={width} height={layout.checklistHeight} unicode={unicode} />
      <Rows lines={noticeLines(state, width)} width={width} height={layout.noticeHeight} unicode={unicode} />
      <Rows lines={[keyLine(state, width)]} width={width} height={1} unicode={unicode} />
    </Box>
  );
}

function Body({state, layout, unicode}: ScreenProps & {readonly layout: Layout}) {
  const height = layout.bodyHeight;
  return (
    <Box width={layout.width} height={height} flexShrink={0}>
      {layout.panes.flatMap(({pane, width}, place) => [
        ...(place === 0
          ? []
          : [
              <Rows
                key={`before-${pane}`}
                lines={Array.from({length: height}, () => SEPARATOR)}
                width={GAP}
                height={height}
                unicode={unicode}
              />,
            ]),
        <Rows
          key={pane}
          lines={paneRows(state, layout, pane, width)}
          width={width}
          height={height}
          unicode={unicode}
        />,
      ])}
    </Box>
  );
}

/** A pane's title row, and as much of it as there is room for. */
function paneRows(state: ScreenState, layout: Layout, pane: Exclude<Pane, 'checklist'>, width: number): Line[] {
  const view = viewOf(pane, state, width);
  const room = layout.bodyHeight - 1;
  const first = firstRow(view, pane === 'path' ? 0 : state.scroll[pane], room);
  const place =
    view.lines.length > room
      ? ` ${first + 1}-${Math.min(first + room, view.lines.length)} of ${view.lines.length}`
      : '';
  return [titleRow(view.title, place, state.focus === pane, width), ...view.lines.slice(first, first + room)];
}

function checklistRows(state: ScreenState, {width, checklistHeight}: Layout): Line[] {
  return [
    titleRow(checklistTitle(state), '', state.focus === 'checklist', width),
    ...checklistLines(state, width, checklistHeight - 1),
  ];
}

/** The pane that the keys go to has a mark before its title. */
function titleRow(title: string, place: string, focused: boolean, width: number): Line {
  const words: Line = [
    span(focused ? '▸ ' : '─ ', focused ? 'info' : 'faint'),
    span(title, focused ? 'title' : 'strong'),
    span(`${place} `, 'faint'),
  ];
  return truncate([...words, span('─'.repeat(Math.max(0, width - lineCells(words))), 'faint')], width);
}

function tooSmall({size}: ScreenState): Line[] {
  const text = `This terminal is ${size.columns}x${size.rows}; the screen needs ${COLUMNS_MIN}x${ROWS_MIN}. Make it larger, or press q to leave: every command works at any size.`;
  return [...wrap(plain(text), Math.max(1, size.columns)), EMPTY];
}

const SEPARATOR: Line = [span(' '), span('│', 'faint'), span(' ')];
