import {createHash} from 'node:crypto';
import {Markup, markup} from '../markup.ts';
import {CHART_STYLE} from './chart-style.ts';
import {SCRIPT} from './script.ts';
import {STYLE} from './style.ts';

/**
 * A whole document around a body. Its policy lets exactly its own style and script through, by their hashes, and nothing from anywhere: markup that
 * slipped in could neither run nor load.
 */
export function page({title, body}: {readonly title: string; readonly body: Markup}): string {
  const style = STYLE + CHART_STYLE;
  const policy = [
    "default-src 'none'",
    `style-src '${hashOf(style)}'`,
    `script-src '${hashOf(SCRIPT)}'`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  return markup`${Markup.own('<!doctype html>')}
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${Markup.own(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${title}</title>
<style>${Markup.own(style)}</style>
</head>
<body>
${body}<script>${Markup.own(SCRIPT)}</script>
</body>
</html>
`.text;
}

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}
