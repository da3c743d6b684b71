// The package lies in the function's own folder.
import greeting from 'greeting';

export default async function (name) {
  return greeting(name);
}
