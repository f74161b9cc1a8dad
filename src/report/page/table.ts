import {type Markup, markup} from '../markup.ts';

export interface Table {
  readonly heads: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Columns from this one on hold figures, and stand on the right. */
  readonly figuresFrom: number;
  readonly caption?: string;
}

/** A table whose rows become small lists of their own on a narrow page: each cell carries the head of its column. */
export function table({heads, rows, figuresFrom, caption}: Table): Markup {
  const look = (index: number): Markup | false => index >= figuresFrom && markup` class="figure"`;
  return markup`<table role="table">
${
  caption !== undefined &&
  markup`<caption>${caption}</caption>
`
}<thead role="rowgroup"><tr role="row">${heads.map((head, index) => markup`<th role="columnheader" scope="col"${look(index)}>${head}</th>`)}</tr></thead>
<tbody role="rowgroup">
${rows.map(
  cells => markup`<tr role="row">${cells.map((cell, index) =>
    index === 0
      ? markup`<th role="rowheader" scope="row">${cell}</th>`
      : markup`<td role="cell" data-head="${heads[index]}"${look(index)}>${cell}</td>`,
  )}</tr>
`,
)}</tbody>
</table>
`;
}
