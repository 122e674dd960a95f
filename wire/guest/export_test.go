package guest

import "log/slog"

// A Server answers requests as a plugin does.
type Server struct{ server server }

// Create answers a request to create the enricher of the latest Serve.
func (s *Server) Create(request string, write func(slog.Level, []byte)) string {
	s.server = served
	return string(s.server.create([]byte(request), &handler{write: write}))
}

// Process answers a failure.
func (s *Server) Process(request []byte) string { return string(s.server.process(request)) }
