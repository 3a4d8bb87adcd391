// Roles and accessible names of elements, as assistive technology knows them. Must not know what is looked for.
const selectors = {
  alert: '[role=alert]',
  button: 'button, [role=button], summary',
  checkbox: 'input[type=checkbox], [role=checkbox], [role=switch]',
  combobox: 'select, [role=combobox]',
  list: 'ul, ol, [role=list]',
  dialog: 'dialog[open], [role=dialog], [role=alertdialog]',
  heading: 'h1, h2, h3, h4, [role=heading]',
  img: 'img, canvas, svg[role=img], [role=img]',
  link: 'a[href]',
  menuitem: '[role=menuitem]',
  progressbar: 'progress, [role=progressbar]',
  radio: 'input[type=radio], [role=radio]',
  row: 'tbody tr',
  spinbutton: 'input[type=number]',
  tab: '[role=tab]',
  table: 'table',
  textbox: 'input:not([type]), input[type=text], input[type=search], textarea',
};
const tidy = (text) => (text || '').replace(/\s+/g, ' ').trim();
const nameOf = (element) => {
  const label = element.getAttribute('aria-label');
  if (label) return tidy(label);
  const ids = (element.getAttribute('aria-labelledby') || '').split(/\s+/).filter(Boolean);
  if (ids.length) return tidy(ids.map((id) => document.getElementById(id)?.textContent).join(' '));
  if (element.labels && element.labels.length) return tidy([...element.labels].map((l) => l.textContent).join(' '));
  const alternative = element.getAttribute('alt') || element.getAttribute('title');
  return tidy(element.innerText || element.textContent) || tidy(alternative) || tidy(element.placeholder);
};
const roleOf = (element) => {
  const isRole = ([, selector]) => element.matches(selector);
  return element.getAttribute('role') || Object.entries(selectors).find(isRole)?.[0] || element.localName;
};
