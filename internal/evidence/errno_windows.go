package evidence

// errnos are the system error codes of Windows that a job may meet, see
// https://learn.microsoft.com/windows/win32/debug/system-error-codes.
var errnos = []errnoRow{
	{39, "ERROR_HANDLE_DISK_FULL", System, Undecided},
	{112, "ERROR_DISK_FULL", System, Undecided},
	{8, "ERROR_NOT_ENOUGH_MEMORY", System, Retryable},
	{14, "ERROR_OUTOFMEMORY", System, Retryable},
	{1455, "ERROR_COMMITMENT_LIMIT", System, Retryable},
	{4, "ERROR_TOO_MANY_OPEN_FILES", System, Retryable},
	{32, "ERROR_SHARING_VIOLATION", System, Retryable},
	{33, "ERROR_LOCK_VIOLATION", System, Retryable},
	{5, "ERROR_ACCESS_DENIED", System, Terminal},
	{19, "ERROR_WRITE_PROTECT", System, Terminal},
	{10048, "WSAEADDRINUSE", System, Retryable},
	{10055, "WSAENOBUFS", System, Retryable},

	{10050, "WSAENETDOWN", Dependency, Retryable},
	{10051, "WSAENETUNREACH", Dependency, Retryable},
	{10053, "WSAECONNABORTED", Dependency, Retryable},
	{10054, "WSAECONNRESET", Dependency, Retryable},
	{10060, "WSAETIMEDOUT", Dependency, Retryable},
	{10061, "WSAECONNREFUSED", Dependency, Retryable},
	{10064, "WSAEHOSTDOWN", Dependency, Retryable},
	{10065, "WSAEHOSTUNREACH", Dependency, Retryable},
	{53, "ERROR_BAD_NETPATH", Dependency, Retryable},
	{64, "ERROR_NETNAME_DELETED", Dependency, Retryable},

	{2, "ERROR_FILE_NOT_FOUND", User, Terminal},
	{3, "ERROR_PATH_NOT_FOUND", User, Terminal},
	{80, "ERROR_FILE_EXISTS", User, Terminal},
	{87, "ERROR_INVALID_PARAMETER", User, Terminal},
	{123, "ERROR_INVALID_NAME", User, Terminal},
	{145, "ERROR_DIR_NOT_EMPTY", User, Terminal},
	{183, "ERROR_ALREADY_EXISTS", User, Terminal},
	{193, "ERROR_BAD_EXE_FORMAT", User, Terminal},
	{206, "ERROR_FILENAME_EXCED_RANGE", User, Terminal},
}
