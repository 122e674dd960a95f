package evidence

import (
	"strings"

	"github.com/failure-enrichers/enricher/internal/evidence/inspect"
)

// modbusClients have the exception in a field ExceptionCode, or as one of a few texts.
var modbusClients = client{
	paths: []string{"github.com/simonvetter/modbus", "github.com/goburrow/modbus", "github.com/grid-x/modbus", "github.com/aldas/go-modbus-client", "github.com/tbrandon/mbserver"},
	judge: func(v *Verdict, err error) {
		if code, ok := inspect.Int(err, "ExceptionCode", "Code"); ok {
			v.add(modbus.number(code))
			return
		}
		text := err.Error()
		if code, ok := modbusTexts[text]; ok {
			v.add(modbus.answer(code))
			return
		}
		switch {
		case text == "request timed out", text == "bad crc", text == "short frame":
			v.add(says(Typed, Dependency, Retryable, "an answer that is missing or was damaged on the way"))
		case text == "configuration error":
			v.add(says(Typed, System, Terminal, "a configuration that the client rejects"))
		case strings.HasPrefix(text, "unexpected parameters"):
			v.add(says(Typed, User, Terminal, "parameters that the client rejects"))
		}
	},
}

// modbusTexts are the exceptions of simonvetter/modbus.
var modbusTexts = map[string]string{
	"illegal function": "1", "illegal data address": "2", "illegal data value": "3", "server device failure": "4", "request acknowledged": "5",
	"server device busy": "6", "memory parity error": "8", "gateway path unavailable": "10", "gateway target device failed to respond": "11",
}

// modbus are the exceptions. The specification says of an illegal function that the
// device may be in a wrong state, and of 10 that the gateway may be overloaded.
var modbus = &Table{
	Kind: ModbusException, Title: "Exception of Modbus",
	Source: "https://www.modbus.org/file/secure/modbusprotocolspecification.pdf", // section 7
	Rows: []Row{
		{Dependency, Retryable, "6=server_device_busy 8=memory_parity_error 11=gateway_target_failed_to_respond"},
		{Dependency, Undecided, "1=illegal_function 4=server_device_failure 5=acknowledge 7=negative_acknowledge 10=gateway_path_unavailable"},
		{User, Terminal, "2=illegal_data_address 3=illegal_data_value"},
	},
}
