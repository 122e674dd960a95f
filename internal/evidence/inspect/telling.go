package inspect

// A TellingField is a field of errors that has a meaning, by its name. The value is a
// string.
type TellingField struct {
	Name string
	What string // what failed; "" if it is a path
}

// TellingFields are those of pgconn.PgError, pq.Error and the like, and those of
// fs.PathError and os.LinkError.
var TellingFields = []TellingField{
	{"ConstraintName", "constraint"},
	{"Constraint", "constraint"},
	{"TableName", "table"},
	{"Table", "table"},
	{"ColumnName", "column"},
	{"Column", "column"},
	{"Path", ""},
	{"Old", ""},
	{"New", ""},
	{"Filename", ""},
	{"FileName", ""},
}
