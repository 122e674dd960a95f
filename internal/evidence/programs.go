package evidence

import (
	"strings"
	"sync"
)

// ofProgramText judges line, which follows before, if it is what curl, or a program in
// JavaScript, Java or Python, prints about an error:
//
//	curl: (28) Operation timed out
//	Error: connect ECONNREFUSED 127.0.0.1:5432
//	AggregateError [ECONNREFUSED]
//	Exception in thread "main" java.net.UnknownHostException: db
func ofProgramText(before, line string) Evidence {
	if number, ok := strings.CutPrefix(line, "("); ok && before == "curl" {
		number, _, _ = strings.Cut(number, ")")
		return curlNumbers()[number]
	}
	first, rest, _ := strings.Cut(line, " ")
	second, _, _ := strings.Cut(rest, " ")
	for _, word := range []string{first, second, line[strings.LastIndexByte(line, ' ')+1:]} {
		if e, ok := programWords()[strings.Trim(word, "[]")]; ok {
			return e
		}
	}
	return Evidence{}
}

// programWords has the names of errors of Node.js, which are those of errno, and of the
// exceptions of Java and Python and their libraries that say whose fault it is.
var programWords = sync.OnceValue(func() map[string]Evidence {
	m := textsOf(exceptions, "the name of an exception")
	for _, row := range errnos {
		e := row.evidence()
		e.Weight = Text
		m[row.name] = e
	}
	return m
})

var exceptions = []textRow{
	{Text, Dependency, Retryable, `
		EAI_AGAIN
		EAI_NODATA
		EAI_NONAME
		ENOTFOUND
		java.net.ConnectException
		java.net.NoRouteToHostException
		java.net.SocketException
		java.net.SocketTimeoutException
		java.net.UnknownHostException
		java.net.http.HttpConnectTimeoutException
		java.net.http.HttpTimeoutException
		java.rmi.ConnectException
		java.sql.SQLTransientConnectionException
		com.mysql.cj.jdbc.exceptions.CommunicationsException
		org.apache.http.NoHttpResponseException
		org.apache.http.conn.ConnectTimeoutException
		org.apache.http.conn.HttpHostConnectException
		ConnectionAbortedError
		ConnectionRefusedError
		ConnectionResetError
		aiohttp.client_exceptions.ClientConnectorError
		aiohttp.client_exceptions.ServerDisconnectedError
		botocore.exceptions.ConnectTimeoutError
		botocore.exceptions.EndpointConnectionError
		botocore.exceptions.ReadTimeoutError
		http.client.RemoteDisconnected
		httpcore.ConnectError
		httpcore.ConnectTimeout
		httpcore.ReadTimeout
		httpx.ConnectError
		httpx.ConnectTimeout
		httpx.ReadTimeout
		redis.exceptions.ConnectionError
		redis.exceptions.TimeoutError
		requests.exceptions.ConnectTimeout
		requests.exceptions.ConnectionError
		requests.exceptions.ReadTimeout
		requests.exceptions.Timeout
		socket.gaierror
		socket.timeout
		urllib3.exceptions.ConnectTimeoutError
		urllib3.exceptions.NameResolutionError
		urllib3.exceptions.NewConnectionError
		urllib3.exceptions.ReadTimeoutError
	`},
	{Text, Dependency, Terminal, `
		javax.net.ssl.SSLPeerUnverifiedException
		botocore.exceptions.NoCredentialsError
	`},
	{Text, Dependency, Undecided, `
		javax.net.ssl.SSLHandshakeException
		psycopg2.OperationalError
		requests.exceptions.SSLError
		ssl.SSLCertVerificationError
		ssl.SSLError
	`},
	{Text, User, Terminal, `
		java.nio.file.NoSuchFileException
		java.nio.file.NotDirectoryException
		com.fasterxml.jackson.core.JsonParseException
		com.fasterxml.jackson.databind.JsonMappingException
		java.lang.NumberFormatException
		java.time.format.DateTimeParseException
		org.xml.sax.SAXParseException
		FileNotFoundError
		IsADirectoryError
		NotADirectoryError
		UnicodeDecodeError
		json.decoder.JSONDecodeError
		yaml.parser.ParserError
		yaml.scanner.ScannerError
	`},
	{Text, System, Terminal, `
		java.lang.ClassNotFoundException
		java.lang.NoClassDefFoundError
		java.lang.NoSuchMethodError
		java.lang.UnsatisfiedLinkError
		java.lang.UnsupportedClassVersionError
		java.nio.file.AccessDeniedException
		ERR_MODULE_NOT_FOUND
		ImportError
		ModuleNotFoundError
		PermissionError
	`},
	{Text, System, Retryable, `
		java.lang.OutOfMemoryError
		MemoryError
		numpy.core._exceptions._ArrayMemoryError
	`},
}

// curlNumbers has the numbers of errors of curl, which are its exit statuses as well. See
// https://curl.se/libcurl/c/libcurl-errors.html.
var curlNumbers = sync.OnceValue(func() map[string]Evidence {
	m := map[string]Evidence{}
	for _, row := range []Row{
		{Dependency, Retryable, "5 6 7 16 18 28 35 52 55 56 92"}, // names, connections, time, answers that end early
		{Dependency, Undecided, "8 61 88"},                       // odd answers
		{Dependency, Terminal, "9 51 58 60 67 77 83 90 91"},      // access, certificates, login
		{User, Terminal, "78"},                                   // no such file
		{System, Undecided, "23"},                                // cannot write
		{System, Retryable, "27"},                                // out of memory
	} {
		for number := range strings.FieldsSeq(row.Codes) {
			m[number] = says(Text, row.Fault, row.Retry, "the number of an error of curl")
		}
	}
	return m
})
