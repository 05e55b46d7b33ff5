namespace Mantle.Formats.Elf;

/// <summary>What a program or library asks of the loader (System V gABI, chapter 5, "Dynamic Section").</summary>
/// <param name="Needed">Names of the libraries that it needs (DT_NEEDED), in order.</param>
/// <param name="SharedObjectName">Its own name as a library (DT_SONAME), or null.</param>
/// <param name="RunPath">Folders that are searched first, separated by colons (DT_RUNPATH, else DT_RPATH), or null.</param>
public sealed record ElfDynamicSection(IReadOnlyList<string> Needed, string? SharedObjectName, string? RunPath);
