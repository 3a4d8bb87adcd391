// What has the focus: role, name, value, the name of the part of it that keys act on, and whether it can be seen.
const focused = document.activeElement;
if (!focused || focused === document.body) return null;
const part = document.getElementById(focused.getAttribute('aria-activedescendant'));
const place = focused.getBoundingClientRect();
const isWithin = place.bottom > 0 && place.right > 0 && place.top < innerHeight && place.left < innerWidth;
return {
  role: roleOf(focused),
  name: nameOf(focused),
  value: focused.matches('input, textarea, select') ? focused.value : null,
  part: part && nameOf(part),
  isSeen: focused.checkVisibility() && isWithin,
};
