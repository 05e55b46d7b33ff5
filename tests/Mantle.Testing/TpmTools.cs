using System.Diagnostics;

namespace Mantle.Testing;

/// <summary>swtpm with tpm2-tools in front of it: a TPM of one test, made new and thrown away.</summary>
public sealed class TpmTools : IDisposable
{
    private readonly Process _tpm;
    private readonly TemporaryFolder _folder = new();

    public TpmTools()
    {
        Oracle.Require("tpm2_createek");
        Directory.CreateDirectory(_folder["state"]);
        _tpm = Process.Start(new ProcessStartInfo(
            Oracle.Require("swtpm"),
            [
                "socket", "--tpm2", "--tpmstate", $"dir={_folder["state"]}", "--server", $"type=unixio,path={_folder["tpm"]}",
                "--ctrl", $"type=unixio,path={_folder["tpm.ctrl"]}", "--flags", "not-need-init,startup-clear",
            ])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        })!;
        for (int i = 0; i < 500 && !(File.Exists(_folder["tpm"]) && File.Exists(_folder["tpm.ctrl"])); i++)
        {
            Thread.Sleep(10);
        }
    }

    /// <summary>A path in the folder of this TPM.</summary>
    public string this[string name] => _folder[name];

    /// <summary>Runs a tool that must succeed, then forgets transient objects, for which the TPM has little room.</summary>
    public void Run(string tool, params IEnumerable<string> arguments)
    {
        Oracle.Succeed(tool, ["-T", $"swtpm:path={_folder["tpm"]}", .. arguments]);
        Oracle.Succeed("tpm2_flushcontext", ["-T", $"swtpm:path={_folder["tpm"]}", "-t"]);
    }

    /// <summary>Makes an attestation key: <c>NAME.ctx</c>, <c>NAME.pub</c> (TPM2B_PUBLIC) and <c>NAME.pem</c>.</summary>
    public void MakeKey(string name, string algorithm, string hash, string scheme)
    {
        if (!File.Exists(_folder["ek.ctx"]))
        {
            Run("tpm2_createek", "-c", _folder["ek.ctx"], "-G", "rsa", "-u", _folder["ek.pub"]);
        }

        Run("tpm2_createak", "-C", _folder["ek.ctx"], "-c", _folder[$"{name}.ctx"], "-G", algorithm, "-g", hash, "-s", scheme, "-u", _folder[$"{name}.pub"], "-n", _folder[$"{name}.name"], "-f", "tss");
        Run("tpm2_readpublic", "-c", _folder[$"{name}.ctx"], "-f", "pem", "-o", _folder[$"{name}.pem"]);
    }

    public void Dispose()
    {
        _tpm.Kill();
        _tpm.WaitForExit();
        _tpm.Dispose();
        _folder.Dispose();
    }
}
