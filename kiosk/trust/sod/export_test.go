package sod

// Parse reads an LDSSecurityObject, with SHA-1 too. It is parsed only after its signature was verified, so fuzzing reaches
// it from here.
func Parse(der []byte) (Content, error) { return parse(der, withSHA1) }
