package errno

var all = posix
