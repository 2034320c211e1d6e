// @ts-check
// Changes what stands in the page without taking away what stays: a node that is taken out and put
// back loses the focus, and the click of whoever has the button down on it.

/**
 * Makes these the children, in this order. One that is there already is moved only where it has to be.
 * @param {Element} parent
 * @param {Element[]} children
 */
export function place(parent, children) {
  let at = parent.firstChild;
  for (const child of children) {
    if (child === at) at = at.nextSibling;
    else parent.insertBefore(child, at);
  }
  while (at !== null) {
    const next = at.nextSibling;
    at.remove();
    at = next;
  }
}

/**
 * Makes an element look like another one: its attributes and what is in it.
 * @param {Element} element
 * @param {Element} other is left without children
 */
export function become(element, other) {
  for (const name of element.getAttributeNames()) if (!other.hasAttribute(name)) element.removeAttribute(name);
  for (const name of other.getAttributeNames()) element.setAttribute(name, other.getAttribute(name) ?? '');
  element.replaceChildren(...other.childNodes);
}
