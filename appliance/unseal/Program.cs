using Mantle.Unseal;
using Mantle.Unseal.Control;
using Mantle.Unseal.Kernel;

// Before anything can be read that matters: no core file, no ptrace by the same account, and no environment, so that neither the cloud library nor OpenSSL finds
// anything there to follow. HOME leads nowhere, or the library would look for profiles in the account's home.
_ = Interop.Libc.prctl(Interop.Libc.PR_SET_DUMPABLE, 0, 0, 0, 0);
_ = Interop.Libc.clearenv();
foreach (string name in Environment.GetEnvironmentVariables().Keys.Cast<string>().ToArray())
{
    Environment.SetEnvironmentVariable(name, null);
}

Environment.SetEnvironmentVariable("HOME", "/dev/null");
return UnsealProgram.Run(new ControlChannel(ControlChannel.Descriptor), UnsealEnvironment.Appliance);
