// A few lines of Markdown, enough to look at answers. The window's is rendered and sanitised in Rust.

const escape = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

function inline(text) {
  return escape(text)
    .replace(/`([^`]+)`/g, '<code>$1</code>')
    .replace(/\*\*([^*]+)\*\*/g, '<strong>$1</strong>')
    .replace(/\[([^\]]+)\]\((https?:[^)]+)\)/g, '<a href="$2">$1</a>')
    .replace(/ ?\[(\d+)(?:\.(\d+))?\]/g, (_, task, item) => `<a class="citation" href="#task-${task}" data-task="${task}"${item ? ` data-item="${item}"` : ''}>${task}${item ? `.${item}` : ''}</a>`);
}

function block(text) {
  const lines = text.trim().split('\n');
  if (lines[0].startsWith('```')) return `<pre><code>${escape(lines.slice(1, -1).join('\n'))}</code></pre>`;
  const heading = /^(#{1,4}) (.*)$/.exec(lines[0]);
  if (heading) return `<h${heading[1].length}>${inline(heading[2])}</h${heading[1].length}>`;
  if (lines[0].startsWith('- ')) return `<ul>${lines.map((line) => `<li>${inline(line.slice(2))}</li>`).join('')}</ul>`;
  if (lines[0].startsWith('|')) {
    const cells = (line, tag) => `<tr>${line.split('|').slice(1, -1).map((cell) => `<${tag}>${inline(cell.trim())}</${tag}>`).join('')}</tr>`;
    return `<table><thead>${cells(lines[0], 'th')}</thead><tbody>${lines.slice(2).map((line) => cells(line, 'td')).join('')}</tbody></table>`;
  }
  return `<p>${inline(lines.join(' '))}</p>`;
}

export function blocks(text) {
  const found = [];
  for (const match of text.matchAll(/(?:[^\n]|\n(?!\n))+\n*/g)) {
    found.push({ html: block(match[0]), end: match.index + match[0].length });
  }
  return found;
}
