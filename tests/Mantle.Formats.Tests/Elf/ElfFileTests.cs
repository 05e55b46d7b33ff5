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
    public void The_dynamic_section_says_what_readelf_says()
    {
        // The runtime's own host and libraries: with and without names of their own, with and without a run path.
        string[] files = [Environment.ProcessPath!, .. Directory.EnumerateFiles(Path.GetDirectoryName(typeof(object).Assembly.Location)!, "*.so").Order(StringComparer.Ordinal)];
        Assert.True(files.Length > 3);
        foreach (string path in files)
        {
            ElfDynamicSection dynamic = ElfFile.Read(ByteSource.FromMemory(File.ReadAllBytes(path))).ReadDynamic()!;
            string readelf = Oracle.Succeed("readelf", "--wide", "--dynamic", path);
            string[] theirs =
            [
                .. readelf.Split('\n').Where(line => line.Contains("(NEEDED)", StringComparison.Ordinal) || line.Contains("(SONAME)", StringComparison.Ordinal)
                    || line.Contains("(RUNPATH)", StringComparison.Ordinal) || line.Contains("(RPATH)", StringComparison.Ordinal))
                    .Select(line => line[(line.IndexOf('[', StringComparison.Ordinal) + 1)..line.LastIndexOf(']')]),
            ];
            string?[] ours = [.. dynamic.Needed, dynamic.SharedObjectName, dynamic.RunPath];
            Assert.Equal(theirs.Order(StringComparer.Ordinal), ours.Where(name => name is not null).Order(StringComparer.Ordinal));
        }
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
            ElfFile elf = ElfFile.Read(ByteSource.FromMemory(bytes));
            elf.TryReadSection(".text", out _);
            elf.ReadDynamic();
        }
        catch (MalformedInputException)
        {
        }
    }
}
