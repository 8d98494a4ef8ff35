package outbox

import (
	"errors"
	"path/filepath"
)

// quarantine saves damaged bytes for inspection and reports the lost records.
func (o *Outbox) quarantine(records uint64, segment string, bytes []byte) {
	text := "damaged data in the outbox"
	if segment != "" {
		text = "damaged data in " + segment
	}
	if name, err := o.saveDamaged(bytes); err == nil && name != "" {
		text += " (saved in " + name + ")"
	}
	o.options.Report(Incident{Records: records, Cause: "damaged " + segment, Text: text})
}

// maxQuarantined limits the files of damaged bytes.
const maxQuarantined = 100

func (o *Outbox) saveDamaged(bytes []byte) (string, error) {
	dir := filepath.Join(o.options.Dir, "quarantine")
	names, err := o.fs.Names(dir)
	if err != nil || len(bytes) == 0 || len(names) >= maxQuarantined {
		return "", err
	}
	if err := o.fs.MakeDir(dir); err != nil {
		return "", err
	}
	name := filepath.Join(dir, o.now().UTC().Format("20060102T150405.000000000"))
	f, err := o.fs.Create(name)
	if err != nil {
		return "", err
	}
	_, err = f.WriteAt(bytes, 0)
	return name, errors.Join(err, f.Close())
}
