using Mantle.Formats.Bytes;
using Mantle.Formats.Elf;
using Mantle.Testing;

namespace Mantle.Formats.Tests.Elf;

public class ElfIdentityTests
{
    /// <summary>What readelf says of every program and library in a folder of this machine.</summary>
    [Theory]
    [InlineData("/usr/bin")]
    [InlineData("/usr/lib/x86_64-linux-gnu")]
    public void Readelf_says_the_same(string folder)
    {
        Assert.SkipUnless(Directory.Exists(folder), folder);
        foreach (string path in Directory.EnumerateFiles(folder).Order(StringComparer.Ordinal).Where(path => File.ResolveLinkTarget(path, false) is null).Take(60))
        {
            ByteSource source = ByteSource.OpenFile(path);
            if (source.Length < 64 || ElfIdentity.Read(source) is not { } elf)
            {
                continue;
            }

            string said = Oracle.Succeed("readelf", "-hldW", path);
            Assert.False(elf.IsDamaged, path);
            Assert.Equal(elf.Kind, said.Contains("EXEC (", StringComparison.Ordinal) ? ElfKind.Executable : said.Contains("DYN (", StringComparison.Ordinal) ? ElfKind.Shared : ElfKind.Relocatable);
            Assert.Equal(said.Contains("Flags: ", StringComparison.Ordinal) && said.Contains(" PIE", StringComparison.Ordinal), elf.IsMarkedProgram);
            Assert.Equal(Between(said, "(NEEDED)", "[", "]"), elf.Needed);
            Assert.Equal(Between(said, "(SONAME)", "[", "]"), elf.SharedObjectName is null ? [] : [elf.SharedObjectName]);
            Assert.Equal(Between(said, "program interpreter:", "interpreter: ", "]"), elf.Interpreter is null ? [] : [elf.Interpreter]);
        }
    }

    [Fact]
    public void A_program_table_beyond_what_the_kernel_takes_is_damage()
    {
        byte[] file = new byte[64];
        "\u007fELF"u8.CopyTo(file);
        (file[4], file[5], file[16], file[32]) = (2, 1, 2, 64);
        file.AsSpan(54, 4).Fill(0xFF);
        Assert.True(ElfIdentity.Read(ByteSource.FromMemory(file))!.IsDamaged);
    }

    private static string[] Between(string text, string mark, string start, string end) =>
        [.. text.Split('\n').Where(line => line.Contains(mark, StringComparison.Ordinal)).Select(line => line.Split(start)[^1].Split(end)[0])];
}
