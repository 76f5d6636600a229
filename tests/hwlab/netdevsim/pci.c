// SPDX-License-Identifier: GPL-2.0
/* A PCI function with SR-IOV as a card in switchdev mode.
 *
 * "driver_override" of a function names this driver. Its VFs are those that
 * the machine emulates; netdevs, devlink ports and eswitch are netdevsim's.
 */

#include <linux/module.h>
#include <linux/pci.h>

#include "netdevsim.h"

static int nsim_pci_sriov_configure(struct pci_dev *pdev, int num_vfs)
{
	struct nsim_bus_dev *nsim_bus_dev = pci_get_drvdata(pdev);
	int err;

	if (!num_vfs) {
		pci_disable_sriov(pdev);
		return nsim_drv_configure_vfs(nsim_bus_dev, 0);
	}
	err = nsim_drv_configure_vfs(nsim_bus_dev, num_vfs);
	if (err)
		return err;
	err = pci_enable_sriov(pdev, num_vfs);
	if (err) {
		nsim_drv_configure_vfs(nsim_bus_dev, 0);
		return err;
	}
	return num_vfs;
}

static int nsim_pci_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct nsim_bus_dev *nsim_bus_dev;

	if (pdev->is_virtfn)
		return -ENODEV;
	nsim_bus_dev = nsim_bus_dev_add(pci_dev_id(pdev), pdev);
	if (IS_ERR(nsim_bus_dev))
		return PTR_ERR(nsim_bus_dev);
	pci_set_drvdata(pdev, nsim_bus_dev);
	return 0;
}

static void nsim_pci_remove(struct pci_dev *pdev)
{
	pci_disable_sriov(pdev);
	nsim_bus_dev_remove(pci_get_drvdata(pdev));
}

static const struct pci_device_id nsim_pci_ids[] = { { } };

static struct pci_driver nsim_pci_driver = {
	.name			= DRV_NAME,
	.id_table		= nsim_pci_ids,
	.probe			= nsim_pci_probe,
	.remove			= nsim_pci_remove,
	.sriov_configure	= nsim_pci_sriov_configure,
};

int nsim_pci_init(void)
{
	return pci_register_driver(&nsim_pci_driver);
}

void nsim_pci_exit(void)
{
	pci_unregister_driver(&nsim_pci_driver);
}
