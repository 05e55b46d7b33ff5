namespace Mantle.Emulator;

/// <summary>A folder for sockets and state, removed at the end. Its path is short, because a socket's path has 107 bytes at most.</summary>
internal sealed class ScratchFolder : IDisposable
{
    private readonly string _root;

    public ScratchFolder(string? parent = null) =>
        _root = parent is null
            ? Directory.CreateTempSubdirectory("mantle-vm-").FullName
            : Directory.CreateDirectory(Path.Combine(parent, $"mantle-vm-{Guid.NewGuid():n}")).FullName;

    public string this[string name] => Path.Combine(_root, name);

    public void Dispose() => Directory.Delete(_root, recursive: true);
}
