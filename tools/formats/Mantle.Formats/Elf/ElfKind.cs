namespace Mantle.Formats.Elf;

/// <summary>What an ELF file is for (e_type).</summary>
public enum ElfKind
{
    /// <summary>No type.</summary>
    None = 0,

    /// <summary>An object for the linker; a kernel module.</summary>
    Relocatable = 1,

    /// <summary>A program at a fixed address.</summary>
    Executable = 2,

    /// <summary>A shared library, or a position-independent program.</summary>
    Shared = 3,

    /// <summary>A core dump.</summary>
    Core = 4,
}
