using CsCheck;
using Mantle.Formats.Bytes;
using Mantle.Formats.Elf;
using Mantle.Testing;

namespace Mantle.Formats.Tests.Elf;

public class ElfFileTests
{
    // The test runner's own host is a dynamic, position-independent program that is always there.
    private static readonly byte[] s_program = File.ReadAllBytes(Environment.ProcessPath!);

    [Fact]
    public void A_dynamic_program_names_its_loader_and_sections_as_readelf_does()
    {
        ElfFile elf = ElfFile.Read(ByteSource.FromMemory(s_program));
        string readelf = Oracle.Succeed("readelf", "--wide", "--section-headers", "--program-headers", Environment.ProcessPath!);

        Assert.Equal(ElfKind.Shared, elf.Kind);
        Assert.Equal(62, elf.Machine);
        Assert.Contains($"[Requesting program interpreter: {elf.Interpreter}]", readelf, StringComparison.Ordinal);
        Assert.All(elf.Sections.Where(s => s.HasBytes), s => Assert.Contains($" {s.Offset:x6} {s.Size:x6} ", readelf, StringComparison.Ordinal));
        Assert.True(elf.TryReadSection(".interp", out ByteSource content));
        Assert.Equal(elf.Interpreter + "\0", LinuxText.Decode(content.ToArray()));
    }

    [Fact]
    public void Damaged_files_are_malformed_input_and_nothing_else()
    {
        byte[] head = s_program[..Math.Min(s_program.Length, 1 << 17)];
        Gen.Select(Gen.Int[0, head.Length - 1], Gen.Byte, Gen.Int[0, 300], Gen.Byte).Sample((at, value, headerAt, headerValue) =>
        {
            byte[] damaged = [.. head];
            damaged[at] = value;
            damaged[headerAt] = headerValue;
            OnlyMalformed(damaged);
            OnlyMalformed(damaged[..at]);
        }, iter: 500);
    }

    private static void OnlyMalformed(byte[] bytes)
    {
        try
        {
            ElfFile.Read(ByteSource.FromMemory(bytes)).TryReadSection(".text", out _);
        }
        catch (MalformedInputException)
        {
        }
    }
}
