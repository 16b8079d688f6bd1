/**
 * The kernel's error numbers by name. Not imported: importing a module of Node's own makes it evaluate every export, and
 * with them a good part of what Node has, which takes a load process longer than opening a thousand connections.
 */
export const errorNumbers = process.getBuiltinModule('node:os').constants.errno;
