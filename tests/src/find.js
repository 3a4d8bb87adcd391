// The first visible element with a role and an accessible name. A name that starts with `~` need only be contained.
const [role, wanted] = arguments;
const matches = (name) => (wanted.startsWith('~') ? name.includes(wanted.slice(1)) : name === wanted);
const candidates = document.querySelectorAll(selectors[role] || `[role=${role}]`);
return [...candidates].find((element) => element.checkVisibility() && matches(nameOf(element))) || null;
