package door

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"balcao/kiosk"
)

// member is the name of a field in JSON, "" when it is not said on the wire.
func member(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	return strings.TrimPrefix(name, "-")
}

// decode reads body into the struct that request points to: one object of members that are known, each once and none
// null. It is stricter than encoding/json, which takes a member twice, or in other letters, and keeps silent. The error
// is errMalformed.
func decode(body []byte, request any) error {
	if !utf8.Valid(body) {
		return errMalformed
	}
	into := map[string]reflect.Value{}
	for f, v := range reflect.ValueOf(request).Elem().Fields() {
		into[member(f)] = v
	}
	delete(into, "")
	d := json.NewDecoder(bytes.NewReader(body))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return errMalformed
	}
	for d.More() {
		t, err := d.Token()
		name, _ := t.(string)
		field, known := into[name]
		if err != nil || !known {
			return errMalformed
		}
		delete(into, name)
		var value json.RawMessage
		if d.Decode(&value) != nil || string(value) == "null" {
			return errMalformed
		}
		if field.Kind() == reflect.Struct {
			err = decode(value, field.Addr().Interface())
		} else {
			err = json.Unmarshal(value, field.Addr().Interface())
		}
		clear(value) // it may be a code
		if err != nil || !storable(field) {
			return errMalformed
		}
	}
	if t, err := d.Token(); err != nil || t != json.Delim('}') {
		return errMalformed
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errMalformed
	}
	return nil
}

// storable reports whether PostgreSQL has such a text, or such texts: it has none with a zero byte.
func storable(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.String:
		return !strings.ContainsRune(v.String(), 0)
	case reflect.Slice:
		for i := range v.Len() {
			if !storable(v.Index(i)) {
				return false
			}
		}
	case reflect.Map:
		for k := range v.Seq() {
			if !storable(k) {
				return false
			}
		}
	}
	return true
}

// arguments are the members of the struct that request points to, as a statement takes them. Bytes that were not
// sent are none, not null; an identifier, an object or a number that was not sent is null.
func arguments(request any) (args []any) {
	for f, v := range reflect.ValueOf(request).Elem().Fields() {
		if member(f) == "" {
			continue
		}
		if b, is := v.Interface().([]byte); is && b == nil {
			args = append(args, []byte{})
			continue
		}
		if v.IsZero() && v.Kind() != reflect.String && v.Kind() != reflect.Bool {
			args = append(args, nil)
			continue
		}
		args = append(args, v.Interface())
	}
	return args
}

// wipe clears the bytes in the struct that request points to.
func wipe(request any) {
	for _, v := range reflect.ValueOf(request).Elem().Fields() {
		if b, is := v.Interface().([]byte); is {
			clear(b)
		}
	}
}

// scan returns a function that reads a row into the struct that answer points to, each column into the member of
// its name; a null leaves the member as it is. A row that nobody wants is left.
func scan(answer any) pgx.RowToFunc[struct{}] {
	return func(row pgx.CollectableRow) (none struct{}, err error) {
		if answer == nil {
			return none, nil
		}
		members := map[string]reflect.Value{}
		for f, v := range reflect.ValueOf(answer).Elem().Fields() {
			name := member(f)
			if column := f.Tag.Get("column"); column != "" { // between the database and the door
				name = column
			}
			members[name] = v
		}
		columns := row.FieldDescriptions()
		targets := make([]any, len(columns))
		for i, c := range columns {
			v, known := members[c.Name]
			if !known {
				return none, fmt.Errorf("%w: no member is named as the column %s", errInternal, c.Name)
			}
			t := v.Type()
			if t == reflect.TypeFor[kiosk.Date]() {
				t = reflect.TypeFor[string]()
			}
			targets[i] = reflect.New(reflect.PointerTo(t)).Interface()
		}
		if err := row.Scan(targets...); err != nil {
			return none, fmt.Errorf("%w: %v", errInternal, err)
		}
		for i, c := range columns {
			value := reflect.ValueOf(targets[i]).Elem()
			switch into := members[c.Name]; {
			case value.IsNil():
			case into.Type() == value.Type().Elem():
				into.Set(value.Elem())
			default:
				err = errors.Join(err, into.Addr().Interface().(*kiosk.Date).UnmarshalText([]byte(value.Elem().String())))
			}
		}
		return none, err
	}
}
