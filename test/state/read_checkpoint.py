"""Prints what pyarrow finds in a checkpoint, as JSON: the manifest, and every column's type and bytes."""

import json
import sys

import pyarrow as pa
import pyarrow.ipc


def read(path):
    with open(path, "rb") as file:
        file.seek(64)  # behind the header
        manifest = pa.ipc.open_stream(file).read_all()
        tables = {}
        for row in manifest.to_pylist():
            file.seek(row["offset"])
            tables[row["stage"], row["table"]] = pa.ipc.open_stream(file).read_all()
    return manifest, tables


def data(column):
    array = column.combine_chunks()
    if pa.types.is_string(array.type):
        return array.to_pylist()
    if pa.types.is_fixed_size_list(array.type):
        array = array.flatten()
    width = array.type.bit_width // 8
    values = array.buffers()[1].to_pybytes()
    return values[array.offset * width : (array.offset + len(array)) * width].hex()


def contents(table):
    # Bytes, because a NaN is not equal to itself.
    return [data(column) for column in table.columns]


manifest, tables = read(sys.argv[1])
for table in tables.values():
    table.validate(full=True)

# The streams also follow each other without gaps: the manifest is not needed to find them.
with open(sys.argv[1], "rb") as file:
    file.seek(64)
    walked = []
    while file.peek(1):
        walked.append(pa.ipc.open_stream(file).read_all())

text = lambda metadata: {key.decode(): value.decode() for key, value in metadata.items()}
print(
    json.dumps(
        {
            "manifest": {"rows": manifest.to_pylist(), "metadata": text(manifest.schema.metadata)},
            "walked": [contents(table) for table in walked[1:]] == [contents(table) for table in tables.values()],
            "tables": [
                {
                    "stage": stage,
                    "table": name,
                    "rows": table.num_rows,
                    "metadata": text(table.schema.metadata),
                    "columns": [
                        {"name": field.name, "type": str(field.type), "data": data(table[field.name])}
                        for field in table.schema
                    ],
                }
                for (stage, name), table in tables.items()
            ],
        }
    )
)
