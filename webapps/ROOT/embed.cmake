# SPDX-License-Identifier: Apache-2.0
# cmake -D IN=page.html -D OUT=page.h -D NAME=page -D CSERV_VERSION=... -P embed.cmake
# Writes a header with the file's bytes as a C array; @CSERV_VERSION@ in the file is replaced.
file(READ ${IN} text)
string(CONFIGURE "${text}" text @ONLY)
string(HEX "${text}" bytes)
string(REGEX REPLACE "(..)" "0x\\1," bytes "${bytes}")
string(REGEX REPLACE "((0x..,)(0x..,)(0x..,)(0x..,)(0x..,)(0x..,)(0x..,)(0x..,))" "\\1\n    "
    bytes "${bytes}")
file(WRITE ${OUT} "/* Made from ${NAME}; do not edit. */\n"
    "static const unsigned char ${NAME}[] = {\n    ${bytes}\n};\n")
