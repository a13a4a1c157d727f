// What stands in a report's runtime for packages of maps, trees and files: every name is there, and refuses.
const none = () => {
  throw new Error('maps are not part of a report');
};
module.exports = new Proxy({}, { get: (_, name) => (name === '__esModule' ? true : none) });
